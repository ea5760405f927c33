import { type Skill, skillFile } from './skill.ts';

/** What the model is told of its skills; the original's lines, with a guide of our own. */
export function skillsPrompt(skills: readonly Skill[]): string {
  const lines = skills.map(({ name, description }) => `- ${name}: ${description} (file: ${skillFile(name)})`);
  return `# Skills
A skill is a folder with instructions for one kind of task, in its SKILL.md, and often with scripts and templates. These are there:
${lines.join('\n')}

Use a skill when the question names it or is the kind of task that its description speaks of:
1. Say in one line which skill you use and why. With several, take the fewest that do, and say in which order.
2. Open its SKILL.md and follow it. Of the files that it points to, open only those that this task needs.
3. Run its scripts instead of writing the same code again, and change a copy where they do not fit. Paths in a SKILL.md are relative to its folder. Build on its templates and assets.
4. Where a skill cannot be followed, a file of it being missing, say so and go on without it.`;
}
