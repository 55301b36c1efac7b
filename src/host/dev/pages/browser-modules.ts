/**
 * Modules that run in browsers, by name, as their text: for a document that says why a page is not there, and for pages under a
 * policy without inline styles.
 */
export const browserModules = {
  /** Loads the document again when the server says so. */
  "livespan:waiting": `import.meta.hot.on("livespan:retry", () => location.reload());
import.meta.hot.send("livespan:waiting", Number(new URL(import.meta.url).searchParams.get("since")));
`,
  /**
   * React takes a page away that throws once it is replaced, and one that it took over from the server it does not try again:
   * loaded again, the page says what is wrong, until a save mends it. What React has put before it for the document's head,
   * such as the preload of an image, stays.
   */
  "livespan:emptied": `const root = document.getElementById("root");
let replaced = 0;
const isEmpty = () => [...root.childNodes].every(({ nodeName }) => /^(?:LINK|META|TITLE|STYLE|SCRIPT)$/.test(nodeName));
import.meta.hot.on("vite:beforeUpdate", () => (replaced = performance.now()));
new MutationObserver(() => {
  if (performance.now() - replaced < 2_000 && replaced > 0 && isEmpty()) location.reload();
}).observe(root, { childList: true });
`,
  /** What Vite writes as inline styles, and the policy has refused, is given to the document in the way that none refuses. */
  "livespan:styles": `const own = new Set();
const adopt = (root) => {
  const refused = [...root.querySelectorAll("style")].filter(({ sheet, textContent }) => sheet === null && textContent !== "");
  const others = root.adoptedStyleSheets.filter((sheet) => !own.delete(sheet));
  const sheets = refused.map(({ textContent }) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(textContent);
    own.add(sheet);
    return sheet;
  });
  root.adoptedStyleSheets = [...others, ...sheets];
};
const overlaid = () => {
  const root = document.querySelector("vite-error-overlay")?.shadowRoot;
  if (root) adopt(root);
};
new MutationObserver(() => adopt(document)).observe(document.head, { childList: true, subtree: true, characterData: true });
new MutationObserver(overlaid).observe(document.body, { childList: true });
adopt(document);
overlaid();
`,
} as const;

export type BrowserModule = keyof typeof browserModules;

export function isBrowserModule(name: string): name is BrowserModule {
  return Object.hasOwn(browserModules, name);
}
