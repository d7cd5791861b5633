import { describe, expect, it } from 'vitest';
import type { Block } from '../../src/coverage/coverage.ts';
import { goCoverprofile } from '../../src/coverage/go.ts';

const report = `mode: count
example.org/shop/grade.go:3.28,4.17 1 2
example.org/shop/grade.go:4.17,6.3 3 0
example.org/shop/grade.go:7.2,7.15 1 2
`;

function blocksOf(text: string, file = 'example.org/shop/grade.go'): [string, Block][] {
  return [...(goCoverprofile.parse(text).files.get(file)?.blocks ?? [])];
}

async function located(files: Record<string, string>, name: string): Promise<string | undefined> {
  const locate = await goCoverprofile.locator?.({
    folders: ['/ws/api', '/ws'],
    files: { readText: async (path) => files[path] ?? null, stat: async () => null },
  });
  return await locate?.(name);
}

describe('a Go coverprofile', () => {
  it('reads the statements of each block', () => {
    expect(blocksOf(report)).toEqual([
      ['3.28,4.17', { statements: 1, hits: 2 }],
      ['4.17,6.3', { statements: 3, hits: 0 }],
      ['7.2,7.15', { statements: 1, hits: 2 }],
    ]);
  });

  it('has the lines of the blocks too, covered if one of them ran', () => {
    expect([...(goCoverprofile.parse(report).files.get('example.org/shop/grade.go')?.lines ?? [])]).toEqual([
      [3, 2],
      [4, 2],
      [5, 0],
      [6, 0],
      [7, 2],
    ]);
  });

  it('counts a block once that several test binaries told', () => {
    for (const [one, other] of [
      [0, 1],
      [1, 0],
    ]) {
      expect(blocksOf(`mode: set\na.go:1.1,2.2 4 ${one}\na.go:1.1,2.2 4 ${other}\n`, 'a.go')).toEqual([
        ['1.1,2.2', { statements: 4, hits: 1 }],
      ]);
    }
  });

  it('takes Windows line ends, a byte order mark, and profiles put together', () => {
    const text = `\uFEFF${report}${report}`.replaceAll('\n', '\r\n');
    expect(blocksOf(text)).toHaveLength(3);
    expect(blocksOf('mode: set\nC:/shop/a.go:1.1,2.2 1 1\n', 'C:/shop/a.go')).toHaveLength(1);
  });

  it('takes a profile without any code', () => {
    expect(goCoverprofile.parse('mode: atomic\n').files.size).toBe(0);
  });

  it('finds a file below the folder of the nearest go.mod that has its module', async () => {
    const files = {
      '/ws/go.mod': '// all\nmodule example.org/shop\n\ngo 1.24\n',
      '/ws/api/go.mod': 'module "example.org/shop/api" // inner\n',
    };
    expect(await located(files, 'example.org/shop/api/main.go')).toBe('/ws/api/main.go');
    expect(await located(files, 'example.org/shop/cart/cart.go')).toBe('/ws/cart/cart.go');
    expect(await located(files, 'example.org/shopping/main.go')).toBe('example.org/shopping/main.go');
  });

  it.each([
    ['a file that is cut off', report.slice(0, -3), 'line 4: `example.org/shop/grade.go:7.2,7.15 1` is no block'],
    ['what is no block', 'mode: set\nhello\n', 'line 2: `hello` is no block'],
    ['a block that ends before it begins', 'mode: set\na.go:9.1,2.2 1 1\n', 'line 2: `a.go:9.1,2.2 1 1` is no block'],
    ['line 0', 'mode: set\na.go:0.1,2.2 1 1\n', 'is no block'],
    ['a block of endless lines', 'mode: set\na.go:1.1,99999999999.2 1 1\n', 'is no block'],
    [
      'two versions of the code',
      'mode: set\na.go:1.1,2.2 1 1\na.go:1.1,2.2 2 1\n',
      'line 3: the block `a.go:1.1,2.2` has 2 statements here and 1 before',
    ],
  ])('refuses %s', (_what, text, message) => {
    expect(() => goCoverprofile.parse(text)).toThrow(message);
  });

  it.each([
    [report, true],
    ['mode: set\r\n', true],
    ['mode: atomic\n', true],
    ['mode: dark\n', false],
    ['', false],
  ])('knows its own: %j', (text, expected) => {
    expect(goCoverprofile.matches(text)).toBe(expected);
  });
});
