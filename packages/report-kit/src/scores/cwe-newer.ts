/** Weaknesses that MITRE added after the catalogue that `cwe-list.generated.ts` is made from, up to 4.18; same form, same terms of use. */
export const NEWER_CWES: readonly (readonly [number, string, string, number])[] = [
  [
    1427,
    'Improper Neutralization of Input Used for LLM Prompting',
    'The product uses externally-provided data to build prompts provided to large language models (LLMs), but the way these prompts are constructed causes the LLM to fail to distinguish between user-supplied inputs and developer provided system directives.',
    77,
  ],
  [
    1428,
    'Reliance on HTTP instead of HTTPS',
    'The product provides or relies on use of HTTP communications when HTTPS is available.',
    319,
  ],
  [
    1429,
    'Missing Security-Relevant Feedback for Unexecuted Operations in Hardware Interface',
    'The product has a hardware interface that silently discards operations in situations for which feedback would be security-relevant, such as the timely detection of failures or attacks.',
    223,
  ],
  [
    1431,
    'Driving Intermediate Cryptographic State/Results to Hardware Module Outputs',
    'The product uses a hardware module implementing a cryptographic algorithm that writes sensitive information about the intermediate state or results of its cryptographic operations via one of its output wires (typically the output port containing the final result).',
    200,
  ],
  [
    1434,
    'Insecure Setting of Generative AI/ML Model Inference Parameters',
    'The product has a component that relies on a generative AI/ML model configured with inference parameters that produce an unacceptably high rate of erroneous or unexpected outputs.',
    440,
  ],
];
