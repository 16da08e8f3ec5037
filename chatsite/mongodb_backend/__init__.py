"""The database backend of the site on MongoDB: django-mongodb-backend, with what it leaves open.

The adapter to what that package keeps private: its public interface has no transaction that goes
on after an uncertain commit, no moment for all reads, no errors of Django's kinds, and no migration
that may be interrupted.
"""
