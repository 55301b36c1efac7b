/** What a program's source exports, as it is now: the port between the dev loop and whatever loads modules. */
export interface Code extends AsyncDisposable {
  /**
   * Imports the entry. Of what was loaded before, only the modules that have changed run again, and those that import them;
   * a load that fails is begun anew by the next one. Rejects with what the module system or a module's own code throws.
   */
  load(): Promise<Readonly<Record<string, unknown>>>;
  /** As `load`, but everything runs again. */
  reload(): Promise<Readonly<Record<string, unknown>>>;
  /**
   * A print of a lifespan's own code, by its name: another one means that it has changed. Undefined where that cannot be
   * told.
   */
  print(lifespan: string): string | undefined;
}

/** What the code says of itself. */
export interface CodeEvents {
  /** Files that the program is made of have changed, or may be found now where they were missing: paths. */
  changed(files: readonly string[]): void;
}
