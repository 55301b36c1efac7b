import { useId, useRef, useState, type ChangeEvent, type DragEvent, type FormEvent, type KeyboardEvent } from "react";
import { samples } from "./samples.ts";
import { send } from "./send.ts";
import { useDesk } from "./states.ts";
import { mostBytes, textOf } from "./text.ts";
import { number } from "./words.ts";

const encoder = new TextEncoder();

/** Where a text is pasted, typed, dropped or chosen. */
export function Compose() {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string>();
  const [isOver, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const isSending = useDesk.usePending("offer");
  const id = useId();

  /** Shows what `work` was refused for. */
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setFault(undefined);
    try {
      await work();
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const read = (): Promise<void> => attempt(() => send("", text));
  const take = (file: File): Promise<void> =>
    attempt(async () => {
      const found = await textOf(file);
      setText(found);
      await send(file.name, found);
    });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void read();
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void read();
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file !== undefined) void take(file);
  };
  const over = (event: DragEvent): void => {
    // Text that is dragged is the field's own business.
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(true);
  };
  const chosen = ({ target }: ChangeEvent<HTMLInputElement>): void => {
    const [file] = target.files ?? [];
    if (file !== undefined) void take(file);
    // So that the same file can be chosen again, once it has been mended.
    target.value = "";
  };
  const trySample = (sample: string): void => {
    setText(sample);
    void attempt(() => send("", sample));
  };

  const bytes = encoder.encode(text).length;
  const isTooLong = bytes > mostBytes;
  return (
    <form
      className="card compose"
      data-over={isOver || undefined}
      noValidate
      onSubmit={submit}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <label htmlFor={`${id}-text`}>Your text, in English</label>
      <textarea
        id={`${id}-text`}
        rows={5}
        spellCheck={false}
        placeholder="Paste a text, or drop a file here."
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={pressed}
        aria-invalid={isTooLong || fault !== undefined}
        aria-describedby={`${id}-count ${id}-fault`}
      />
      <p id={`${id}-fault`} className="fault" role="alert">
        {fault}
      </p>
      <div className="row">
        <p className="samples">
          <span>Or try</span>
          {Object.entries(samples).map(([name, sample]) => (
            <button key={name} type="button" onClick={() => trySample(sample)}>
              {name}
            </button>
          ))}
        </p>
        <p className="count" id={`${id}-count`} data-over={isTooLong || undefined}>
          {number(bytes)} of {number(mostBytes)} bytes
        </p>
      </div>
      <div className="row">
        <input ref={chooser} type="file" accept=".txt,.md,text/*" hidden onChange={chosen} aria-label="A text file" />
        <button type="button" onClick={() => chooser.current?.click()}>
          Choose a file…
        </button>
        <p className="hint">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd> reads it, too.
        </p>
        <button type="submit" className="primary">
          {isSending ? "Sending…" : "Read it"}
        </button>
      </div>
    </form>
  );
}
