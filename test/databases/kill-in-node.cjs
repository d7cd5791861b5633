'use strict';
// Loaded before the script of SQLite: its process is killed right before its change number KILL_AT to files.
const fs = require('node:fs');
const killAt = Number(process.env.KILL_AT);
let changes = 0;
for (const name of ['linkSync', 'copyFileSync', 'renameSync', 'rmSync', 'openSync', 'fsyncSync']) {
  const original = fs[name];
  fs[name] = (...args) => {
    changes += 1;
    if (changes === killAt) process.kill(process.pid, 'SIGKILL');
    return original(...args);
  };
}
if (process.env.UNREADABLE === '1') {
  require('node:sqlite').DatabaseSync = class {
    constructor() {
      throw new Error('unable to open database file');
    }
  };
}
