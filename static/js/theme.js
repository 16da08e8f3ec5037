// Before anything is drawn: the admin's own markup has no place for the theme that somebody chose.
const theme = document.cookie.match(/(?:^|; )theme=(light|dark)(?:;|$)/)?.[1];
if (theme) document.documentElement.dataset.theme = theme;
