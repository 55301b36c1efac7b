/** Large enough that a renderer may want to send it by itself. */
const words = Array.from({ length: 4_000 }, (_, i) => `word${i}`).join(" ");

export default function Later() {
  return <p id="later">Loaded later: {words}</p>;
}
