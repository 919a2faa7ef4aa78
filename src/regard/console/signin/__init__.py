"""How people show the console who they are, and what it keeps of that; nothing else of it stores anything.

Who is signed in acts as that person, in all their roles, and by the gate as everybody else does.
"""
