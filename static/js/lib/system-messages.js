import { isolated } from "./text.js";
import { counted, text as say } from "./texts.js";

const nameOf = ({ fullName }) => (fullName ? isolated(fullName) : say("deleted-account"));

/** In the largest unit that it is a multiple of. */
function inUnits(seconds) {
  const [unit, size] = Object.entries({ day: 86_400, hour: 3600, minute: 60, second: 1 }).find(([, each]) => seconds % each === 0);
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(seconds / size);
}

/** What a message says. Of a change in a group the server sends the site's words, and what they were made of. */
export function textOf({ text, system, viewOnce }) {
  if (viewOnce) return ""; // its words are in place of a text
  const words = system && say(`system-${system.event}`);
  if (!words) return text ?? "";
  const { by, people = [], others = 0, title = "", seconds } = system;
  const names = people.map(nameOf).join(say("comma"));
  const parts = {
    by: nameOf(by),
    people: others ? counted("and-others", others).replace("{names}", () => names) : names,
    title: isolated(title),
    period: seconds && inUnits(seconds),
  };
  return words.replace(/%\((\w+)\)s/g, (_hole, name) => parts[name]);
}
