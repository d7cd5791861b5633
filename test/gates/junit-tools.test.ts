import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseJunit } from '../../src/gates/junit.ts';
import { checkout } from './support.ts';

const nodeTest = `import { describe, it, test } from 'node:test';
import assert from 'node:assert/strict';
test('adds', () => assert.equal(1 + 1, 2));
test('subtracts', () => assert.equal(1 - 1, 1));
test('multiplies', { skip: 'later' }, () => {});
describe('prices', () => {
  it('are never <negative> & "odd"', () => assert.ok(false, 'a price of -20'));
});
`;
const pythonTest = `import pytest

def test_adds():
    assert 1 + 1 == 2

def test_subtracts():
    assert 1 - 1 == 1, "what is \\x1b[31mred\\x1b[0m & <tagged>"

@pytest.fixture
def broken():
    raise RuntimeError("no database")

def test_needs_the_fixture(broken):
    pass

@pytest.mark.skip
def test_later():
    pass

class TestPrice:
    @pytest.mark.parametrize("price", [1, -20])
    def test_is_positive(self, price):
        assert price > 0
`;

describe('the report', () => {
  it("of Node's test runner names what failed", () => {
    const folder = checkout({ 'shop.test.mjs': nodeTest });
    const flags = ['--test', '--test-reporter=junit', '--test-reporter-destination=junit.xml', 'shop.test.mjs'];
    const { status } = spawnSync(process.execPath, flags, { cwd: folder, env: { PATH: process.env.PATH ?? '' } });
    expect(status).toBe(1);
    const figures = parseJunit(readFileSync(join(folder, 'junit.xml'), 'utf8'));
    expect(figures).toMatchObject({ tests: 4, failures: 2, skipped: 1 });
    expect(figures.failing.map(({ name }) => name)).toEqual(['subtracts', 'prices › are never <negative> & "odd"']);
    expect(figures.failing[0]?.message).toContain('0 !== 1');
    expect(figures.failing[1]?.message).toContain('a price of -20');
  });

  it('of pytest names what failed, errors of fixtures too', () => {
    const folder = checkout({ 'test_shop.py': pythonTest });
    execFileSync('python3', ['-m', 'venv', 'venv'], { cwd: folder, timeout: 120_000, stdio: 'ignore' });
    const python = join(folder, 'venv/bin/python');
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'pytest==8.4.2'];
    execFileSync(python, install, { cwd: folder, timeout: 240_000, stdio: 'ignore' });
    const { status } = spawnSync(python, ['-m', 'pytest', '-q', '--junitxml=junit.xml', 'test_shop.py'], {
      cwd: folder,
    });
    expect(status).toBe(1);
    const figures = parseJunit(readFileSync(join(folder, 'junit.xml'), 'utf8'));
    expect(figures).toMatchObject({ tests: 6, failures: 3, skipped: 1 });
    expect(figures.failing.map(({ name }) => name)).toEqual([
      'test_shop › test_subtracts',
      'test_shop › test_needs_the_fixture',
      'test_shop.TestPrice › test_is_positive[-20]',
    ]);
    expect(figures.failing[0]?.message).toContain('assert (1 - 1) == 1');
    expect(figures.failing[1]?.message).toContain('no database');
  }, 300_000);
});
