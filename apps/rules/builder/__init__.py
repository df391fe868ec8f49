"""The rule builder: a rule as a tree of groups and conditions in a form, and back.

Everything in a tree is text, as a form sends it; nothing is checked until it is written as a
rule and the codec reads that. No models, HTTP or settings: whoever shows a builder gives it the
catalogue, the fields to choose from and the time zone that times are written in.

    draft.py      what stands in the editor: a tree, or JSON; the whole way in and out
    tree.py       groups, conditions, filters
    fields.py     a tree as form fields, and form fields as a tree
    opening.py    a rule as a tree
    writing.py    a tree as a rule, and what is wrong with it where
    typing.py     one value as it is typed
    moving.py     add, remove, copy, move, wrap, negate
    acting.py     the button that was pressed, as a move, and where the keyboard goes on
    offering.py   which operators and inputs a condition is shown with
    showing.py    a tree as a page shows it: numbered, with its moves and complaints
"""
