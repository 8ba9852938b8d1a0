"""Who may do what: users, groups, roles, privileges, owners of schemas, and comments, as the catalogue keeps them.

    facts.py         Facts: named values beside tables and views, all of one snapshot
    principals.py    User, Group, Role, and their memberships
    privileges.py    Grant: a privilege on an object for a grantee; what each kind of object knows
    directory.py     Directory: the facts of a snapshot, read and indexed
    rights.py        Rights: what one user may do
    passwords.py     what is kept of a password

A fact is a row (kind, key, JSON). They are small, few and independent of each other, so that two transactions that
grant different things never meet.
"""
