import { useId, useState, type FormEvent } from "react";
import { isOver } from "./standing.ts";
import { useIndexing } from "./use-indexing.ts";

/** Where a folder is named, and its indexing begun and cancelled. */
export function Ask() {
  const place = useIndexing(({ place }) => place);
  const state = useIndexing(({ run }) => run?.state);
  const [named, setNamed] = useState("");
  const [fault, setFault] = useState<string>();
  const isStarting = useIndexing.usePending("start");
  const isCancelling = useIndexing.usePending("cancel");
  const id = useId();
  const isOpen = state !== undefined && !isOver(state);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setFault(undefined);
    try {
      const { refused } = await useIndexing.events.start(named);
      setFault(refused);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form className="card ask" noValidate onSubmit={(event) => void submit(event)}>
      <label htmlFor={`${id}-folder`}>A folder on the server’s machine</label>
      <div className="ask-row">
        <input
          id={`${id}-folder`}
          type="text"
          spellCheck={false}
          autoComplete="off"
          maxLength={1_000}
          placeholder={place}
          value={named}
          onChange={({ target }) => setNamed(target.value)}
          aria-invalid={fault !== undefined}
          aria-describedby={`${id}-hint ${id}-fault`}
        />
        <button type="submit" className="primary" disabled={isOpen || isStarting}>
          Index it
        </button>
        <button type="button" disabled={!isOpen || isCancelling} onClick={() => void useIndexing.events.cancel()}>
          Cancel
        </button>
      </div>
      <p id={`${id}-hint`} className="hint">
        All Markdown files below it. Left empty: {place === "" ? "the documents of this server" : place}.
      </p>
      <p id={`${id}-fault`} className="fault" role="alert">
        {fault}
      </p>
    </form>
  );
}
