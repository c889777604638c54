import type { LookName } from '../world/site.ts';

interface Palette {
  readonly ink: string;
  readonly ground: string;
  readonly card: string;
  readonly accent: string;
  readonly onAccent: string;
  readonly band: string;
  readonly onBand: string;
  readonly line: string;
  readonly radius: string;
  readonly font: string;
}

const sans = '"Inter","Segoe UI","Helvetica Neue",Arial,sans-serif';
const serif = 'Georgia,"Times New Roman",serif';

const palettes: Readonly<Record<LookName, Palette>> = {
  slate: {
    ink: '#1d2733',
    ground: '#f6f8fa',
    card: '#ffffff',
    accent: '#2f6fed',
    onAccent: '#ffffff',
    band: 'linear-gradient(120deg,#14202e,#274363)',
    onBand: '#eef4fb',
    line: '#dfe5ec',
    radius: '10px',
    font: sans,
  },
  meadow: {
    ink: '#20352b',
    ground: '#f5f9f2',
    card: '#ffffff',
    accent: '#2e8b57',
    onAccent: '#ffffff',
    band: 'linear-gradient(160deg,#dff0d8,#b9dfc2)',
    onBand: '#1f4030',
    line: '#d6e6d5',
    radius: '18px',
    font: sans,
  },
  ink: {
    ink: '#22201d',
    ground: '#fbf9f4',
    card: '#fbf9f4',
    accent: '#9a3324',
    onAccent: '#ffffff',
    band: '#fbf9f4',
    onBand: '#22201d',
    line: '#d9d3c6',
    radius: '0',
    font: serif,
  },
  market: {
    ink: '#2b2230',
    ground: '#ffffff',
    card: '#faf6fb',
    accent: '#c2366b',
    onAccent: '#ffffff',
    band: 'linear-gradient(100deg,#f9d9e3,#f6e7c9)',
    onBand: '#3d2433',
    line: '#ecdfea',
    radius: '14px',
    font: sans,
  },
  console: {
    ink: '#d7e0ea',
    ground: '#10161d',
    card: '#18212b',
    accent: '#39b6a8',
    onAccent: '#06221f',
    band: '#141c25',
    onBand: '#d7e0ea',
    line: '#2a3744',
    radius: '6px',
    font: sans,
  },
  brick: {
    ink: '#33231c',
    ground: '#fdf7f1',
    card: '#ffffff',
    accent: '#c4541c',
    onAccent: '#ffffff',
    band: 'linear-gradient(135deg,#7a2f16,#c4541c)',
    onBand: '#fff3e9',
    line: '#eedccf',
    radius: '4px',
    font: sans,
  },
};

const structure = `
*{box-sizing:border-box}
main{flex:1}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;font:16px/1.6 var(--font);color:var(--ink);background:var(--ground)}
a{color:var(--accent)}
img{max-width:100%;display:block}
h1,h2,h3{line-height:1.2;margin:0 0 .5em}
.bar{max-width:1080px;margin:0 auto;padding:0 24px;display:flex;align-items:center;justify-content:space-between;gap:24px}
.top{background:var(--card);border-bottom:1px solid var(--line);padding:16px 0}
.top nav{display:flex;gap:22px;flex-wrap:wrap}
.top nav a{color:inherit;text-decoration:none;font-size:15px}
.brand{display:flex;align-items:center;gap:10px;font-weight:700;font-size:19px;color:inherit;text-decoration:none}
.mark{width:26px;height:26px;border-radius:var(--radius);background:var(--accent)}
.hero{background:var(--band);color:var(--on-band);padding:72px 0}
.hero .bar{align-items:center}
.hero h1{font-size:44px;max-width:13em}
.hero p{font-size:19px;max-width:34em;opacity:.9}
.hero img{width:380px;border-radius:var(--radius)}
.button,button{display:inline-block;background:var(--accent);color:var(--on-accent);border:0;border-radius:var(--radius);padding:12px 22px;font:600 15px var(--font);text-decoration:none;cursor:pointer}
.wrap{max-width:1080px;margin:0 auto;padding:48px 24px}
.narrow{max-width:720px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:22px}
.card{background:var(--card);border:1px solid var(--line);border-radius:var(--radius);padding:22px;overflow:hidden}
.card img{margin:-22px -22px 16px;max-width:none;width:calc(100% + 44px);height:150px;object-fit:cover}
.card p{margin:.3em 0}
.price{font-weight:700;color:var(--accent)}
.muted{opacity:.65;font-size:14px}
table{width:100%;border-collapse:collapse;background:var(--card)}
th,td{text-align:left;padding:11px 14px;border-bottom:1px solid var(--line)}
th{font-size:13px;text-transform:uppercase;letter-spacing:.05em;opacity:.7}
.dot{display:inline-block;width:10px;height:10px;border-radius:50%;background:#3aa655;margin-right:8px}
.dot.warm{background:#e0a92e}
label{display:block;font-size:14px;margin:14px 0 4px}
input,textarea,select{width:100%;padding:11px 12px;border:1px solid var(--line);border-radius:var(--radius);font:16px var(--font);background:var(--ground);color:var(--ink)}
form button{margin-top:20px}
.panel{min-height:100vh;display:grid;place-items:center;background:var(--band)}
.panel .box{width:380px;background:var(--card);color:var(--ink);border-radius:var(--radius);padding:36px;box-shadow:0 18px 50px rgba(10,20,30,.25)}
.panel .box .mark{display:block;margin-bottom:18px}
.panel button{width:100%}
.bottom{border-top:1px solid var(--line);padding:26px 0;font-size:14px;opacity:.75}
.ink .top{border-bottom:3px double var(--line);text-align:center}
.ink .top .bar{flex-direction:column}
.ink .brand{font-size:38px;font-weight:400}
.ink .brand .mark{display:none}
.ink .hero{padding:44px 0;border-bottom:1px solid var(--line)}
.ink article{max-width:680px;margin:0 auto;padding:34px 0;border-bottom:1px solid var(--line)}
.market .top{border:0}
.market .card{border:0}
.console .mark{border-radius:50%}
.console .hero{padding:34px 0;border-bottom:1px solid var(--line)}
.console .hero h1{font-size:30px}
.stat{font:600 34px var(--font);color:var(--accent)}
pre{background:rgba(127,127,127,.12);padding:14px;border-radius:var(--radius);overflow:auto}
@media(max-width:720px){.hero .bar{flex-direction:column}.hero img{width:100%}.hero h1{font-size:34px}}
`;

/** The style sheet of a look. */
export function styleSheet(look: LookName): string {
  const p = palettes[look];
  const variables = [
    `--ink:${p.ink}`,
    `--ground:${p.ground}`,
    `--card:${p.card}`,
    `--accent:${p.accent}`,
    `--on-accent:${p.onAccent}`,
    `--band:${p.band}`,
    `--on-band:${p.onBand}`,
    `--line:${p.line}`,
    `--radius:${p.radius}`,
    `--font:${p.font}`,
  ].join(';');
  return `:root{${variables}}${structure}`;
}

/** Three colours that go with a look, for pictures. */
export function pictureColours(look: LookName): readonly [string, string, string] {
  const colours: Readonly<Record<LookName, readonly [string, string, string]>> = {
    slate: ['#274363', '#2f6fed', '#9ec1ff'],
    meadow: ['#b9dfc2', '#2e8b57', '#f4d58d'],
    ink: ['#e8e0d0', '#9a3324', '#4b5d67'],
    market: ['#f9d9e3', '#c2366b', '#f0b35c'],
    console: ['#18212b', '#39b6a8', '#5a7ea6'],
    brick: ['#f3c9a8', '#c4541c', '#7a2f16'],
  };
  return colours[look];
}
