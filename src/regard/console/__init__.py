"""Pages for people, beside the API for programs: server-rendered, and useful without JavaScript.

A page calls operations through the gate, as a caller who is a person, and knows nothing below it.
"""
