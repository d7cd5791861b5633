/** What the page of a project's history has beside the style of all pages. */
export const historyStyle = `
main { max-width: 66rem; }
.figures { display: flex; flex-wrap: wrap; gap: .7rem; margin: 1.6rem 0 0; }
.figures > div { flex: 1 1 9.5rem; max-width: 20rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem .9rem; }
.figures dt { color: var(--soft); font-size: .85em; }
.figures dd { margin: 0; font-size: .85em; }
.figures b { display: block; font-size: 1.75rem; line-height: 1.3; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.meter { display: block; height: 5px; margin: .35rem 0 .5rem; border-radius: 3px; background: var(--bad-wash); overflow: hidden; }
.meter > span { display: block; height: 100%; border-radius: 3px; background: var(--good); }
.chart { display: grid; grid-template-columns: 3.6rem minmax(0, 1fr); padding: .6rem 1rem 0 0; }
.scale { position: relative; }
.scale span { position: absolute; right: .6rem; transform: translateY(-50%); color: var(--soft); font-size: .78rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
/* Right to left: where it scrolls, it begins with the newest. */
.plot { direction: rtl; overflow-x: auto; overflow-y: hidden; }
.plot svg { direction: ltr; display: block; overflow: visible; }
.plot .stretched { overflow: visible; }
.grid { stroke: var(--line); }
.date { fill: var(--soft); font-size: .78rem; font-variant-numeric: tabular-nums; }
.hit { fill: transparent; }
.deployment:hover .hit { fill: color-mix(in srgb, var(--soft) 14%, transparent); }
.column, .dot { fill: var(--tone); }
.gap { stroke: var(--card); stroke-width: 3; }
.mark { fill: var(--tone); color: var(--tone); font-weight: 700; }
text.mark { text-anchor: middle; font-size: .85rem; }
.line { fill: none; stroke: var(--good); stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.minimum { stroke: var(--soft); stroke-dasharray: 5 4; }
.measured:hover .dot { stroke: var(--good); stroke-width: 4; }
.measured.bad .dot { fill: var(--card); stroke: var(--bad); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; margin: 0; padding: .3rem 1rem .8rem; list-style: none; font-size: .9em; }
.legend .mark { display: inline-block; min-width: .9em; text-align: center; }
.dash { display: inline-block; width: 1.6em; border-top: 2px dashed var(--soft); vertical-align: middle; }
.note { margin: 0; padding: .2rem 1rem .8rem; font-size: .87em; }
.shares .row { grid-template-columns: 6rem 1fr 7.5rem; }
.shares .bar { background: var(--link); }
.shares .note { padding-bottom: .25rem; }
.shares .time span { display: inline-block; min-width: 3.2em; }
.result { color: var(--tone); font-weight: 600; }
.history table { table-layout: fixed; }
.history th:nth-child(1) { width: 7.4rem; } .history th:nth-child(2) { width: 12.2rem; } .history th:nth-child(4) { width: 8rem; }
.history th:nth-child(5) { width: 6.4rem; } .history th:nth-child(6) { width: 13.2rem; }
.history .time, .history time { font-variant-numeric: tabular-nums; }
.by { display: block; color: var(--soft); font-size: .9em; }
.history > details > summary { border-top: 1px solid var(--line); }
.more td { border-top: 0; padding-top: 0; }
.more details { border: 0; }
.more summary { padding: 0 0 .2rem; gap: .5rem; }
.more summary .soft { margin-left: auto; font-size: .9em; white-space: nowrap; }
.more .inside { padding: .2rem 0 .4rem 1.2rem; }
.more pre { max-height: 26rem; overflow-y: auto; }
@media (max-width: 36rem) {
  .figures > div { flex-basis: 8rem; padding: .7rem .8rem; }
  .chart { grid-template-columns: 3.5rem minmax(0, 1fr); padding-right: .7rem; }
  .legend, .note { padding-inline: .7rem; }
  .shares .row { grid-template-columns: 4.6rem 1fr 6.4rem; }
  .history tr.more { border-top: 0; padding-top: 0; }
  .history tr:has(+ .more) { padding-bottom: .1rem; }
  .history tr { display: grid; grid-template-columns: minmax(0, 1fr) fit-content(55%); gap: .1rem .8rem; grid-template-areas: "result took" "what what" "when by" "release release"; }
  .history td { display: block; }
  .history td::before { content: none; }
  .history td:nth-child(1) { grid-area: when; } .history td:nth-child(2) { grid-area: result; } .history td:nth-child(3) { grid-area: what; }
  .history td:nth-child(4) { grid-area: by; text-align: right; } .history td:nth-child(5) { grid-area: took; text-align: right; } .history td:nth-child(6) { grid-area: release; }
  .history td:nth-child(1), .history td:nth-child(4), .history td:nth-child(5), .history td:nth-child(6) { color: var(--soft); font-size: .95em; }
  .history td:nth-child(6) div::before { content: "Release "; }
  .by { display: inline; }
  .history tr.more { display: block; }
  .history .more td { color: var(--ink); font-size: 1em; }
}
@media print {
  .plot svg { min-width: 0 !important; }
  .more { break-inside: auto; }
  .more pre { max-height: none; }
  .column, .dot, .meter, .meter > span, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
