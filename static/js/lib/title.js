const COUNT = /^\(\d+\+?\) /;

/** Puts the number of unread messages before the title of the page; none takes it away. */
export function setUnread(count) {
  const title = document.title.replace(COUNT, "");
  document.title = count > 0 ? `(${count > 99 ? "99+" : count}) ${title}` : title;
}
