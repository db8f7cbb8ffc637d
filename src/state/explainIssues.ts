import type { z } from 'zod';

/** What is wrong with one field of an experiment, in words that say what it wants. */
export function explainIssues(error: z.ZodError, path: string): string {
  const issue =
    error.issues.find((candidate) => candidate.path.map(String).join('.').startsWith(path)) ??
    error.issues[0];
  return issue ? explain(issue) : 'This is not valid.';
}

function explain(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wants(issue.expected);
    case 'too_small':
      return `Must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}.`;
    case 'too_big':
      return `Must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}.`;
    case 'invalid_value':
      return `Must be one of ${issue.values.map(String).join(', ')}.`;
    case 'unrecognized_keys':
      return `Unknown: ${issue.keys.join(', ')}.`;
    default:
      return issue.message;
  }
}

function wants(expected: string): string {
  if (expected === 'int') return 'Must be a whole number.';
  if (expected === 'number') return 'Must be a number.';
  if (expected === 'array' || expected === 'tuple') return 'Must be a list of numbers.';
  return `Must be ${expected}.`;
}
