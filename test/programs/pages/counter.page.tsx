import { lazy, Suspense, useId, useState } from "react";
import "./counter.css";
import heart from "./heart.svg";

const Later = lazy(() => import("./later.tsx"));

export default function Page() {
  const [count, setCount] = useState(0);
  const id = useId();
  return (
    <main>
      <h1 id={id}>Counted {count} times</h1>
      <button type="button" aria-describedby={id} onClick={() => setCount((before) => before + 1)}>
        Count
      </button>
      <img src={heart} alt="a heart" width="16" height="16" />
      <Suspense fallback={<p>waiting</p>}>
        <Later />
      </Suspense>
    </main>
  );
}
