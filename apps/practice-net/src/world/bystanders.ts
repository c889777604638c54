import type { AddressPlan } from '../address-plan.ts';
import { CLOUD, MAIN, OTHER } from './draft.ts';
import type { Bystander } from './world.ts';

/** Everybody else's machines, and where a careless scanner would pick up their names. */
export function bystandersOf(plan: AddressPlan): readonly Bystander[] {
  return [
    { name: `www.${OTHER}`, address: plan.outside(10), mentionedIn: 'link on the company site' },
    { name: `promo.${OTHER}`, address: plan.outside(11), mentionedIn: `where daylight.${MAIN} redirects to` },
    { name: `larkspur.desk.${OTHER}`, address: plan.outside(12), mentionedIn: `alias of support.${MAIN}` },
    { name: `cdn.${OTHER}`, address: plan.outside(13), mentionedIn: 'script that the shop loads' },
    { name: `ns.${OTHER}`, address: plan.outside(53), mentionedIn: 'name server of the second domain' },
    { name: `larkspur-assets.${CLOUD}`, address: plan.outside(20), mentionedIn: `alias of assets.${MAIN}` },
    {
      name: `larkspur.test.${OTHER}`,
      address: plan.outside(21),
      mentionedIn: 'CT log, a name that only begins like ours',
    },
    {
      name: 'mylarkspur.test',
      address: plan.outside(22),
      mentionedIn: 'CT log, a name that only ends like ours',
    },
    { name: `swing.${MAIN}`, address: plan.outside(66), mentionedIn: 'second answer of that name' },
    { name: `mx.${OTHER}`, address: plan.inside(5), mentionedIn: 'mail exchanger of both domains' },
    { name: `shared.${OTHER}`, address: plan.inside(6), mentionedIn: 'name in a certificate' },
    { name: `build.${OTHER}`, address: plan.inside(7), mentionedIn: 'CT log' },
    { name: `img.${OTHER}`, address: plan.inside(8), mentionedIn: 'picture on the company site' },
  ];
}
