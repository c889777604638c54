import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RenderError } from '../message.ts';
import { readArguments, usageError } from './arguments.ts';

const TEMPLATE = `<section class="cover">
  <p class="cover-name">{{ title }}</p>
</section>

<section>
  <h1>{{ t('contents') }}</h1>
  <toc />
</section>

<section v-for="(finding, index) in findings" :key="index">
  <h1 :id="\`finding-\${index + 1}\`" class="in-toc">{{ finding.title }}</h1>
  <markdown :text="finding.description" />
</section>
`;

const STYLE = `@page {
  size: A4;
  margin: 25mm 22mm;
  @top-right {
    content: string(chapter);
    font: 8pt Inter;
  }
  @bottom-right {
    content: counter(page) ' / ' counter(pages);
    font: 8pt Inter;
  }
}
@page cover {
  margin: 0;
  @top-right {
    content: none;
  }
  @bottom-right {
    content: none;
  }
}

html {
  font: 10pt/1.5 Inter, sans-serif;
}
h1 {
  break-before: page;
  string-set: chapter content();
}
.cover {
  page: cover;
  box-sizing: border-box;
  height: 297mm;
  padding: 30mm;
  background: #0d1a2b;
  color: #fff;
}
.cover-name {
  font-size: 32pt;
}
`;

const SAMPLE = {
  title: 'A first report',
  findings: [{ title: 'A finding', description: 'Text in **Markdown**.' }],
};

/** `report-kit new design FOLDER`: a small design that renders, to start from. */
export async function newDesignCommand(args: readonly string[]): Promise<number> {
  const { positionals } = readArguments({ args: [...args], allowPositionals: true, options: {} });
  const [kind, name, ...more] = positionals;
  if (kind !== 'design' || name === undefined || more.length > 0)
    throw usageError('Say: report-kit new design FOLDER.');
  const folder = resolve(name);
  await mkdir(folder, { recursive: false }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST')
      throw new RenderError('folder-exists', `${folder} is there already: choose another name.`);
    if (error.code === 'ENOENT')
      throw new RenderError('folder-missing', `There is no folder ${dirname(folder)}: make it first.`);
    throw error;
  });
  await mkdir(join(folder, 'labels'));
  const manifest = { format: 'report-kit/design/v1', name: basename(folder), language: 'en', title: 'title' };
  await Promise.all([
    writeFile(join(folder, 'design.json'), `${JSON.stringify(manifest, null, 2)}\n`),
    writeFile(join(folder, 'template.html'), TEMPLATE),
    writeFile(join(folder, 'style.css'), STYLE),
    writeFile(join(folder, 'labels', 'en.json'), `${JSON.stringify({ contents: 'Contents' }, null, 2)}\n`),
    writeFile(join(folder, 'sample.json'), `${JSON.stringify(SAMPLE, null, 2)}\n`),
  ]);
  process.stdout.write(`${folder}\nLook at it while you write: report-kit preview --design ${name}\n`);
  return 0;
}
