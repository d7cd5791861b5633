import { takeCoverage } from 'node:v8';
import { afterAll } from 'vitest';

// A worker is ended before it would write by itself what its tests reached.
afterAll(() => takeCoverage());
