/** Makes an element: `element("p", { class: "note" }, "text", child)`. A property that is undefined is left out. */
export function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const plain = new Intl.NumberFormat("en");

export function number(value) {
  return plain.format(value);
}

/** A count with its noun: "1 word", "2,000 words". */
export function counted(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}
