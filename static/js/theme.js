// Applied before the first paint: the admin's own markup cannot carry the chosen theme.
const theme = document.cookie.match(/(?:^|; )theme=(light|dark)(?:;|$)/)?.[1];
if (theme) document.documentElement.dataset.theme = theme;
