import { usageError } from './arguments.ts';
import { convertCommand } from './convert.ts';
import { reportFailure } from './failure.ts';
import { newDesignCommand } from './new-design.ts';
import { previewCommand } from './preview.ts';
import { renderCommand } from './render.ts';
import { validateCommand } from './validate.ts';

const HELP = `report-kit: designs in, documents out

  report-kit render --design DESIGN [--project PROJECT] [--data FILE] --out FILE.pdf|.html|.docx|.md
                    [--language en] [--password WORD | --password-file FILE] [--template FILE.docx]
                    [--engine chromium|weasyprint] [--chromium PATH|bundled] [--timings] [--json]
  report-kit preview --design FOLDER [--project FILE|FOLDER] [--port N]
  report-kit validate --design DESIGN [--project FILE|FOLDER] [--strict] [--json]
  report-kit convert FILE.tar.gz FOLDER | FOLDER FILE.tar.gz | FILE.toml FILE.tar.gz
  report-kit new design FOLDER

DESIGN is a folder, an archive (.tar.gz), or one of attack-surface, pentest, executive-summary. Without a project, its
sample is rendered. PROJECT is a JSON file, a folder or an archive; an archived project brings its own design; --data FILE
is put in place of the project's data and keeps its pictures.
A name that ends in .md becomes a folder of Markdown with its pictures; --template gives a Word document its styles,
and all of its own around the report where it says {{report}}.
Exit codes: 0 done · 1 failed · 2 warnings with --strict · 64 wrong use. With --json a failure is JSON as well.
`;

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  render: renderCommand,
  preview: previewCommand,
  validate: validateCommand,
  convert: convertCommand,
  new: newDesignCommand,
};

/** Runs what the words on the command line ask for; gives the exit code. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!command)
      throw usageError(
        `There is no command ${name}: use ${Object.keys(COMMANDS).join(', ')}; see report-kit --help.`,
      );
    if (rest.includes('--help') || rest.includes('-h')) {
      process.stdout.write(HELP);
      return 0;
    }
    return await command(rest);
  } catch (error) {
    return reportFailure(error, rest.includes('--json'));
  }
}
