"""The trail in which rewriting is noticed by whoever kept an earlier proof.

Take what you need from its module: `audit.trail` knows a database, `audit.verify` needs nothing but
`cryptography`.
"""
