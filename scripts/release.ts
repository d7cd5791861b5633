import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/*
 * What the release workflow has to decide; it needs no installed package. `notes v1.2.3` prints what is new in that
 * version, `major v1.2.3` which tag moves to it (nothing, when a newer version is among the refs on standard input).
 */

const root = join(import.meta.dirname, '..');

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * The notes of a version: its section of CHANGELOG.md, in the form of Keep a Changelog.
 * @param tag of the version, `v1.2.3`
 * @param source the text of package.json and of CHANGELOG.md
 * @throws where the tag is no version, or isn't that of package.json, or has no section with a date
 */
export function releaseNotes(tag: string, source: { manifest: string; changelog: string }): string {
  if (parseTag(tag) === undefined) throw new Error(`${tag} is no version: a tag is called v1.2.3.`);
  const version = tag.slice(1);
  const { version: written }: { version?: unknown } = JSON.parse(source.manifest);
  if (written !== version) {
    throw new Error(`package.json says ${written}, the tag ${tag}: raise the version there and in src/version.ts.`);
  }
  const sections = source.changelog.split(/^## /m).slice(1);
  const section = sections.find((one) => one.startsWith(`[${version}] - `));
  if (section === undefined || !/^\S+ - \d{4}-\d{2}-\d{2}\s*\n/.test(section)) {
    throw new Error(`CHANGELOG.md has no section "## [${version}] - <date>": rename Unreleased to it.`);
  }
  const notes = section.slice(section.indexOf('\n')).trim();
  if (notes === '') throw new Error(`The section of ${version} in CHANGELOG.md is empty.`);
  return notes;
}

/** The tag that workflows name, such as `v1`, when this version is the newest of its major one. */
export function majorToMove(tag: string, refs: readonly string[]): string | undefined {
  const version = parseTag(tag);
  if (version === undefined) throw new Error(`${tag} is no version: a tag is called v1.2.3.`);
  const isOlder = refs
    .map((ref) => parseTag(ref.replace(/^refs\/tags\//, '')))
    .some((other) => other !== undefined && other.major === version.major && isNewer(other, version));
  return isOlder ? undefined : `v${version.major}`;
}

function parseTag(tag: string): Version | undefined {
  const match = /^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(tag);
  if (match === null) return undefined;
  const [major = 0, minor = 0, patch = 0] = match.slice(1).map(Number);
  return { major, minor, patch };
}

function isNewer(one: Version, other: Version): boolean {
  return one.minor > other.minor || (one.minor === other.minor && one.patch > other.patch);
}

async function main(command: string | undefined, tag: string | undefined): Promise<string> {
  if (tag !== undefined && command === 'notes') {
    const [manifest, changelog] = await Promise.all(
      ['package.json', 'CHANGELOG.md'].map((name) => readFile(join(root, name), 'utf8')),
    );
    return releaseNotes(tag, { manifest: manifest ?? '', changelog: changelog ?? '' });
  }
  if (tag !== undefined && command === 'major') {
    return majorToMove(tag, (await text(process.stdin)).split('\n')) ?? '';
  }
  throw new Error('usage: release.ts notes|major v1.2.3');
}

if (import.meta.main) {
  try {
    console.log(await main(process.argv[2], process.argv[3]));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
