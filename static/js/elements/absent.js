// A conversation that could not be fetched, under the right name: one can write there all the same.
import { isolated } from "../lib/text.js";
import { nameOf } from "../render/row.js";

/** Shows it in place of whatever was open; `row` is that of the chosen person. */
export function showAbsent(row) {
  const pane = document.getElementById("absent-template").content.firstElementChild.cloneNode(true);
  const values = valuesOf(row);
  fill(pane, values);
  pane.querySelector(".conversation__back").href = document.querySelector(".segments [aria-current]").href;
  document.title = `${isolated(values.name)} · Chatsite`;
  document.getElementById("conversation").replaceWith(pane);
  htmx.process(pane);
}

/** Fetches the messages of a conversation that is shown without them; what was written meanwhile stays. */
export function fetchAbsent() {
  if (!document.querySelector("message-list[data-absent]")) return;
  const how = { target: "message-list", select: "message-list", swap: "outerHTML" };
  htmx.ajax("GET", location.pathname, how).catch(() => {});
}

function valuesOf(row) {
  const name = nameOf(row);
  const picture = row.querySelector("img").getAttribute("src");
  return { id: row.dataset.peerId, name, first: name.split(/\s+/)[0], picture };
}

function fill(root, values) {
  const put = (text) => text.replace(/__(\w+?)__/g, (place, key) => values[key] ?? place);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = root; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) node.data = put(node.data);
    for (const attribute of node.attributes ?? []) attribute.value = put(attribute.value);
  }
}
