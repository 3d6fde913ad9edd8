/** How unlike words a run of letters is, by its pairs of letters. */

/** Words of code and prose: what names and stand-ins are made of. Pairs, not words, are learned from them. */
const WORDS =
  "the and for that with this from have not are was you all can has been will more when there which their about would make like time just know take people into year your good some could them see other than then now look only come over think also back after use two how our work first well way even new want because any these give day most " +
  "access account action active address admin agent alert amount analysis api app application array async attach attribute audit auth author auto backend balance base batch before begin binary block body boolean border bottom branch browser buffer build bundle button byte cache call camera cancel card case category certificate change channel character chart check child choose city class clear click client clock close cloud cluster code collect color column command comment commit common company compare compile complete component compress compute config confirm connect console constant contact container content context control convert cookie copy core count country create credential current custom customer cycle data database date debug decode default define delay delete deploy description design detail device dialog digest direct disable discount display document domain download draft driver duplicate dynamic edge edit editor effect element email empty enable encode encrypt engine enter entity entry enum environment error event example exchange execute exist expand expect expire export extend extension external factory fail fallback feature fetch field file filter final find finish first flag float folder follow font footer force form format forward frame framework frequency front function gateway generate global grant graph grid group guide handle handler hash header health height hidden history home host hour html icon identity image import index infinite info initial inner input insert inspect install instance integer interface internal invoice issue item iterate java job join json keep kernel key keyword kind label language large last latest launch layer layout leader left length letter level library license light limit line link list listen load local location lock log login long loop machine main manage map margin mark market master match material matrix member memory menu merge message meta method metric middle migrate minute mobile mode model module monitor month mount move multiple mysql name native network node normal notice null number object offset online open operation option order organization origin output owner package page parameter parent parse partial partner pass password path pattern payment pending permission person phone picture pipeline plain platform play plugin point policy pool popup port position postgres power prefix prepare preview price primary print private process product production profile program progress project promise prompt property protect protocol provider proxy public publish pull purchase push query queue quick random range rank rate reader ready receive record redis redirect reduce reference refresh region register registry reject release remote remove render replace report repository request require reset resource response restart result retry return revision right role root rotate route row rule runner runtime safe sample save scale schedule schema scope score screen script search second secret section secure security select sender sequence serial server service session setting shadow shape share shell shipping short show side sign signal simple single size skip slice sort source space special speed spring square stack staging standard start state static status step stock storage store stream string strong structure style submit subscribe success suffix summary support switch symbol sync syntax system table target task team template temporary tenant test text theme thread threshold throw ticket timeout timestamp title toggle token tool top total trace track traffic transaction transfer translate tree trigger type unique unit unknown update upload url usage user username utility valid validate value variable vector vendor verify version video view visible volume wait warning watch webhook week weight widget width window word worker workspace wrapper write year zone " +
  "zhang wang li liu chen yang zhao huang zhou wu xu sun ma zhu hu guo he lin gao luo wei fang ming hong jian guang shang hai bei jing hang shen qing zheng mima yonghu denglu";

const LETTERS = 26;
/** Bits per pair: words stay below, letters at random above. Measured on names of our own sources and on base62. */
const RARE_BITS_MIN = 5.15;
const LETTERS_MIN = 11;

let model: Float64Array | undefined;

/** Mean surprise of the letter pairs of a value in bits, or undefined with too few of them to say. */
export function rarityOf(value: string): number | undefined {
  model ??= createModel();
  let bits = 0;
  let pairs = 0;
  let before = -1;
  for (let at = 0; at < value.length; at++) {
    const letter = letterOf(value.charCodeAt(at));
    if (letter >= 0 && before >= 0) {
      bits += model[before * LETTERS + letter] ?? 0;
      pairs += 1;
    }
    before = letter;
  }
  return pairs + 1 < LETTERS_MIN ? undefined : bits / pairs;
}

/** True for letters that no language would put side by side. */
export function isRare(value: string): boolean {
  return (rarityOf(value) ?? 0) >= RARE_BITS_MIN;
}

function letterOf(code: number): number {
  const folded = code | 32;
  return folded >= 97 && folded <= 122 ? folded - 97 : -1;
}

/** Conditional surprise of each letter after each other, with half a sighting given to every pair. */
function createModel(): Float64Array {
  const counts = new Float64Array(LETTERS * LETTERS).fill(0.5);
  let before = -1;
  for (let at = 0; at < WORDS.length; at++) {
    const letter = letterOf(WORDS.charCodeAt(at));
    if (letter >= 0 && before >= 0) {
      counts[before * LETTERS + letter] = (counts[before * LETTERS + letter] ?? 0) + 1;
    }
    before = letter;
  }
  const bits = new Float64Array(LETTERS * LETTERS);
  for (let first = 0; first < LETTERS; first++) {
    const row = counts.subarray(first * LETTERS, (first + 1) * LETTERS);
    const total = row.reduce((sum, count) => sum + count, 0);
    for (let second = 0; second < LETTERS; second++) {
      bits[first * LETTERS + second] = -Math.log2((row[second] ?? 0) / total);
    }
  }
  return bits;
}
