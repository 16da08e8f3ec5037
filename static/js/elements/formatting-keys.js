const MARKERS = { "b": "*", "i": "_", "shift+x": "~" };

/** Ctrl or Cmd with B, I or Shift+X toggles bold, italic or strikethrough markers around the selection. */
export function toggleMarkers(event) {
  const isModified = (event.ctrlKey || event.metaKey) && !event.altKey && !event.isComposing;
  const marker = MARKERS[(event.shiftKey ? "shift+" : "") + event.key.toLowerCase()];
  if (!isModified || !marker) return;
  event.preventDefault();
  toggle(event.currentTarget, marker);
}

function toggle(field, marker) {
  const { selectionStart, selectionEnd, value } = field;
  const selected = value.slice(selectionStart, selectionEnd);
  const words = selected.trim();
  const start = selectionStart + (words ? selected.indexOf(words) : 0);
  const end = start + words.length;
  if (words && value[start - 1] === marker && value[end] === marker) {
    replace(field, start - 1, end + 1, words);
    field.setSelectionRange(start - 1, end - 1);
  } else {
    replace(field, start, end, `${marker}${words}${marker}`);
    field.setSelectionRange(start + 1, end + 1);
  }
}

/** Like typing: it can be undone, and fires `input`. Browsers have no other way for that. */
function replace(field, start, end, text) {
  field.setSelectionRange(start, end);
  document.execCommand("insertText", false, text);
}
