import { findProgram, isProgram } from "./program.ts";

/** The browser that is there: `CHROME_PATH`, or the first on the PATH. */
export async function findChromium(): Promise<string | undefined> {
  const { CHROME_PATH } = process.env;
  if (CHROME_PATH !== undefined && (await isProgram(CHROME_PATH))) return CHROME_PATH;
  return findProgram("chromium", "chromium-browser", "google-chrome");
}
