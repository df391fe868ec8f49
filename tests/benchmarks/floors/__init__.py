"""Floors: the least programs with the same effect, written by hand for the bench's own rules.

Nothing here imports the rule language or the engine. Table names are literal, as they are in
SQL that somebody keeps beside an application.
"""
