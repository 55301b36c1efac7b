/** Renders in browsers only. */
export default function Page() {
  if (typeof window === "undefined") throw new Error("there is no window");
  return <h1>rendered by the browser</h1>;
}
