const COUNT = /^\(\d+\+?\) /;

/** Shows the number of unread messages before the page's title. */
export function setUnread(count) {
  const title = document.title.replace(COUNT, "");
  document.title = count > 0 ? `(${count > 99 ? "99+" : count}) ${title}` : title;
}
