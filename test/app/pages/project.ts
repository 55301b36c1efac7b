import { mkdirSync, writeFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../programs/program.ts";

/** A folder like a user's, with files of its own and the packages that pages are made with. Disposing removes it. */
export class Project implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(files: Readonly<Record<string, string>>, packages: readonly string[] = []): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), "livespan-pages-")));
    await mkdir(join(project.path, "node_modules"));
    for (const name of ["react", "react-dom", "vite", "zod", ...packages])
      await project.link(join(root, "node_modules", name), name);
    await project.link(root, "livespan");
    await project.write({ "package.json": '{ "type": "module" }', ...files });
    return project;
  }

  /** With a copy of a folder of test/programs, or of another folder. */
  static async copy(name: string, from = "test/programs"): Promise<Project> {
    const project = await Project.make({});
    await cp(join(root, from, name), project.path, { recursive: true });
    return project;
  }

  /** Puts a copy of a package in the place of the link to it. */
  async own(name: string): Promise<void> {
    const place = join(this.path, "node_modules", name);
    await rm(place);
    await cp(join(root, "node_modules", name), place, { recursive: true });
  }

  /** The path of a file of it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** In one go: who watches takes what comes apart for several saves, and a file that stays empty for an empty one. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.file(name)), { recursive: true });
      writeFileSync(this.file(name), text);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  private async link(target: string, name: string): Promise<void> {
    await mkdir(dirname(join(this.path, "node_modules", name)), { recursive: true });
    await symlink(target, join(this.path, "node_modules", name), "junction");
  }
}
