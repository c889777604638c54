import { ArchiveError } from '../archives/index.ts';
import { RenderError } from '../message.ts';
import { convertCommand } from './convert.ts';
import { newDesignCommand } from './new-design.ts';
import { previewCommand } from './preview.ts';
import { renderCommand } from './render.ts';
import { messageLine } from './report.ts';
import { validateCommand } from './validate.ts';

const HELP = `report-kit: designs in, documents out

  report-kit render --design DESIGN [--project PROJECT] [--data FILE] --out FILE.pdf|.html|.docx|.md
                    [--language en] [--password WORD | --password-file FILE] [--template FILE.docx]
                    [--engine chromium|weasyprint] [--chromium PATH|bundled] [--timings] [--json]
  report-kit preview --design FOLDER [--project FILE|FOLDER] [--port N]
  report-kit validate --design DESIGN [--project FILE|FOLDER] [--strict] [--json]
  report-kit convert FILE.tar.gz FOLDER | FOLDER FILE.tar.gz
  report-kit new design FOLDER

DESIGN is a folder, an archive (.tar.gz), or one of attack-surface, pentest, executive-summary. Without a project, its
sample is rendered. PROJECT is a JSON file, a folder or an archive; an archived project brings its own design.
A name that ends in .md becomes a folder of Markdown with its pictures; --template gives a Word document its styles,
and all of its own around the report where it says {{report}}.
`;

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  render: renderCommand,
  preview: previewCommand,
  validate: validateCommand,
  convert: convertCommand,
  new: newDesignCommand,
};

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(HELP);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    process.stderr.write(`There is no command ${name}.\n\n${HELP}`);
    return 64;
  }
  try {
    return await command(rest);
  } catch (error) {
    if (error instanceof RenderError)
      for (const message of error.messages) process.stderr.write(`${messageLine(message)}\n`);
    else if (error instanceof ArchiveError) process.stderr.write(`error: ${error.message} [${error.code}]\n`);
    else process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
