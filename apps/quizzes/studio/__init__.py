"""The studio: one page per quiz, where its questions, tiers and rules are written and tried out.

views.py       the pages, each with what is edited in the middle
acts.py        what a button of the list does: add, move, copy, remove, publish, return
frame.py       what stands around what is edited: questions, proof, preview
editors.py     one part being edited: its forms, how it is checked and saved
forms.py       the forms of a question and its choices
pasting.py     a block of a spreadsheet as rows
beginning.py   what a question of each kind begins with
pictures.py    a picture that an author sends
ruler.py       tiers as bands on the attainable range
rules.py       a jump, a visibility or an override in the rule builder
"""
