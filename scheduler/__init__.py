"""Work that is done later, or elsewhere: one table of due jobs in the site's own database."""
