import { isolated } from "./text.js";
import { counted, text as t } from "./texts.js";

const nameOf = ({ fullName }) => (fullName ? isolated(fullName) : t("deleted-account"));

/** In the largest unit that divides it evenly. */
function formatPeriod(seconds) {
  const [unit, size] = Object.entries({ day: 86_400, hour: 3600, minute: 60, second: 1 }).find(([, each]) => seconds % each === 0);
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(seconds / size);
}

/** The text of a message. For system messages the server sends the site's default wording and its parts; they are worded here in the reader's language. */
export function textOf({ text, system, viewOnce }) {
  if (viewOnce) return ""; // its description takes the place of a text
  const words = system && t(`system-${system.event}`);
  if (!words) return text ?? "";
  const { by, people = [], others = 0, title = "", seconds } = system;
  const names = people.map(nameOf).join(t("comma"));
  const parts = {
    by: nameOf(by),
    people: others ? counted("and-others", others).replace("{names}", () => names) : names,
    title: isolated(title),
    period: seconds && formatPeriod(seconds),
  };
  return words.replace(/%\((\w+)\)s/g, (_hole, name) => parts[name]);
}
