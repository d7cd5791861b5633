/** The style of the HTML report: no image, font or script from anywhere. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f6f4; --card: #ffffff; --ink: #1f2328; --soft: #5b636d; --line: #e3e4e1; --code: #f0f0ec; --link: #2c5f9e;
  --good: #2f7d4f; --warning: #946000; --bad: #b02f2f; --critical: #a3152b; --idle: #7f868e;
  --good-wash: #e9f4ed; --warning-wash: #fbf2df; --bad-wash: #fbeceb; --critical-wash: #a3152b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --card: #1e2125; --ink: #e4e6e8; --soft: #9aa2ab; --line: #30343a; --code: #262a2f; --link: #86b3ea;
    --good: #5fb884; --warning: #dba13f; --bad: #e5726c; --critical: #f0566b; --idle: #6b737c;
    --good-wash: #1d2f25; --warning-wash: #332a18; --bad-wash: #361f20; --critical-wash: #7d1122;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 58rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: .35rem 0 .25rem; font-weight: 650; letter-spacing: -.01em; }
h2 { font-size: 1rem; margin: 2.25rem 0 .65rem; font-weight: 650; }
p { margin: .4rem 0; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 2px; }
code, pre { font-family: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; }
code { background: var(--code); border-radius: 4px; padding: .1em .35em; }
pre { background: var(--code); border-radius: 8px; padding: .8rem 1rem; margin: .6rem 0; white-space: pre-wrap; line-height: 1.5; unicode-bidi: plaintext; }
main > pre { background: var(--card); border: 1px solid var(--line); }
.pill { display: inline-flex; align-items: center; gap: .5em; font-size: .82rem; font-weight: 600; color: var(--tone); }
.pill::before { content: ""; width: .6em; height: .6em; border-radius: 50%; background: currentColor; }
.good { --tone: var(--good); --wash: var(--good-wash); }
.warning { --tone: var(--warning); --wash: var(--warning-wash); }
.bad { --tone: var(--bad); --wash: var(--bad-wash); }
.critical { --tone: var(--critical); --wash: var(--bad-wash); }
.neutral { --tone: var(--soft); --wash: var(--card); }
.soft { color: var(--soft); }
.facts { color: var(--soft); margin: 0; display: flex; flex-wrap: wrap; gap: 0 1.1rem; }
.verdict { margin: 1.4rem 0 0; padding: 1rem 1.15rem; border-radius: 10px; background: var(--wash); border-left: 4px solid var(--tone); }
.verdict dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.1rem; }
.verdict dt { color: var(--soft); }
.verdict dd { margin: 0; }
.verdict code { background: color-mix(in srgb, var(--ink) 8%, transparent); }
.banner { margin: 1.4rem 0 0; padding: 1rem 1.15rem; border-radius: 10px; background: var(--critical-wash); color: #fff; font-weight: 600; }
.notice { margin: .7rem 0 0; padding: .7rem 1rem; border-radius: 10px; background: var(--warning-wash); border-left: 4px solid var(--warning); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .93em; overflow-wrap: normal; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: .85em; }
th, td { padding: .5rem .9rem; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; }
td { overflow-wrap: anywhere; }
.card + .card, p + .card { margin-top: .7rem; }
.gantt { padding: .6rem 0; }
.row { display: grid; grid-template-columns: 9.5rem 1fr 4.5rem; align-items: center; gap: .8rem; padding: .18rem .9rem; }
.track { position: relative; height: 1rem; border-radius: 4px; background: color-mix(in srgb, var(--line) 45%, transparent); }
.bar { position: absolute; inset-block: 0; min-width: 3px; border-radius: 4px; background: var(--fill); }
.row .time { text-align: right; font-variant-numeric: tabular-nums; color: var(--soft); }
.success { --fill: var(--good); } .failed { --fill: var(--bad); } .running { --fill: var(--warning); }
.cancelled, .skipped, .pending { --fill: var(--idle); }
.failed .name { color: var(--bad); font-weight: 600; }
.state { font-size: .85em; font-weight: 400; }
.idle { color: var(--soft); }
.axis { color: var(--soft); font-size: .8em; font-variant-numeric: tabular-nums; }
.axis > :nth-child(2) { display: flex; justify-content: space-between; }
details { border-top: 1px solid var(--line); }
details:first-child { border-top: 0; }
summary { cursor: pointer; padding: .55rem .9rem; display: flex; gap: .7rem; align-items: baseline; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "›"; color: var(--soft); transition: transform .12s; width: .7em; }
details[open] > summary::before { transform: rotate(90deg); }
summary:hover { background: color-mix(in srgb, var(--line) 30%, transparent); }
summary .time { margin-left: auto; white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums; }
summary b { font-weight: 550; }
.inside { padding: 0 .9rem .9rem 2.3rem; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
@media (max-width: 36rem) {
  main { padding: 1.5rem .9rem 3rem; }
  h1 { font-size: 1.35rem; }
  .verdict dl { grid-template-columns: 1fr; gap: 0; }
  .verdict dd { margin-bottom: .55rem; }
  .row { grid-template-columns: 5.6rem 1fr 3.9rem; gap: .5rem; padding-inline: .7rem; }
  .axis span span:nth-child(even) { display: none; }
  thead { display: none; }
  tr { display: block; padding: .45rem .7rem; border-top: 1px solid var(--line); }
  tr:first-child { border-top: 0; }
  td { display: grid; grid-template-columns: 6rem 1fr; gap: .6rem; padding: .12rem 0; border: 0; }
  td::before { content: attr(data-label); color: var(--soft); font-size: .9em; }
  .inside { padding-left: .9rem; }
}
@page { margin: 14mm; }
@media print {
  :root {
    --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --code: #f5f5f5; --link: #000;
    --good: #2f7d4f; --warning: #946000; --bad: #b02f2f; --critical: #a3152b;
    --good-wash: #fff; --warning-wash: #fff; --bad-wash: #fff; --critical-wash: #a3152b;
  }
  main { max-width: none; padding: 0; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .row, tr, .notice, .verdict { break-inside: avoid; }
  h2 { break-after: avoid; }
  .bar, .banner, .pill::before { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
