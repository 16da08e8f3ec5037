"""The database backend of the site on MongoDB: django-mongodb-backend, with what it leaves open."""
