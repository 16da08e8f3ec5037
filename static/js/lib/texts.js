let texts;

/** The translated sentence that the page carries in `<template id="texts">` under this key. */
export function text(key) {
  texts ??= readTexts();
  return texts.get(key) ?? "";
}

function readTexts() {
  const elements = document.getElementById("texts")?.content.querySelectorAll("[data-text]") ?? [];
  return new Map(Array.from(elements, (element) => [element.dataset.text, element.textContent]));
}
