/** The page's only style sheet; its hash stands in the page's policy. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --faint: #5b6169; --paper: #fff; --field: #f4f5f7; --line: #d8dbe0;
  --link: #0b57c2; --c1: #7aa7e0; --c2: #1f5fae; --c3: #b0661c; --c4: #3d8f5f; --bad: #c0392b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --faint: #a0a7b0; --paper: #16181b; --field: #212429;
  --line: #3a3f46; --link: #7db4ff; --c1: #3f6ea8; --c2: #8dbcf5; --c3: #d9944f; --c4: #6bc08f; --bad: #ff8a7a; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0 auto; padding: 1rem 1rem 4rem; max-width: 62rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
h3 { font-size: 1.05rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
nav a { display: inline-block; margin-right: 1rem; padding: .3rem 0; }
.question { white-space: pre-wrap; border-left: 4px solid var(--line); margin: 0; padding: .2rem 0 .2rem 1rem; }
.mark { background: var(--field); border-left: 4px solid var(--c3); padding: .5rem 1rem; }
.bad-mark { border-color: var(--bad); }
.small, .facts, .label, .where { color: var(--faint); font-size: .85rem; }
.label { margin: .8rem 0 .2rem; }
.answer { border: 1px solid var(--line); border-radius: 8px; padding: .2rem 1.2rem .8rem; }
.answer table { display: block; overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: start; }
.right { text-align: right; } .center { text-align: center; }
.figures td { text-align: right; font-variant-numeric: tabular-nums; } .figures td:last-child { text-align: start; }
blockquote { border-left: 4px solid var(--line); margin-inline: 0; padding-inline-start: 1rem; }
pre { background: var(--field); border-radius: 6px; padding: .6rem .8rem; margin: .2rem 0; white-space: pre-wrap;
  font: .85rem/1.45 ui-monospace, monospace; unicode-bidi: plaintext; }
code { font: .9em ui-monospace, monospace; background: var(--field); border-radius: 3px; padding: 0 .2em; }
pre code { background: none; padding: 0; font: inherit; }
.long { max-height: 28rem; overflow: auto; }
summary { cursor: pointer; padding: .45rem 0; }
.round { border-bottom: 1px solid var(--line); padding: 0 .3rem; content-visibility: auto; contain-intrinsic-size: auto 2.6rem; }
.round[open] { padding-bottom: 1rem; }
.round:target > summary { background: var(--field); }
.call { margin: .5rem 0 .5rem .6rem; border-left: 3px solid var(--line); padding-left: .8rem; }
.note { padding: .3rem; }
.facts { white-space: nowrap; }
.bad-text { color: var(--bad); font-weight: 600; }
figure { margin: 1rem 0; }
figcaption { margin-bottom: .3rem; }
.legend { white-space: nowrap; color: var(--faint); font-size: .85rem; margin-left: .8rem; }
.scroll { overflow-x: auto; }
figure svg:not(.key) { display: block; }
.key { width: .75em; height: .75em; }
svg text { fill: var(--faint); font: 11px system-ui, sans-serif; } .y { text-anchor: end; } .x { text-anchor: middle; }
.c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); } .c4 { fill: var(--c4); } .bad { fill: var(--bad); }
.grid { stroke: var(--line); fill: none; } .reset { stroke: var(--bad); stroke-dasharray: 3 3; fill: none; }
.tip { fill: transparent; } a:hover .tip { fill: var(--ink); fill-opacity: .12; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: .6rem 0; } dt { color: var(--faint); } dd { margin: 0; }
@media (max-width: 40rem) { body { padding: .6rem .7rem 3rem; } .facts { white-space: normal; display: block; } .answer { padding: .1rem .8rem; } }
`;
