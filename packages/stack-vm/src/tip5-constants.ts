/**
 * The constants of Tip5, from "The Tip5 Hash Function for Recursive STARKs", https://eprint.iacr.org/2023/107, section 2.4.
 *
 * @module
 */

/** Elements of the state. */
export const STATE_SIZE = 16;
/** Elements that are absorbed and squeezed at a time. */
export const RATE = 10;
/** Elements of a digest. */
export const DIGEST_LENGTH = 5;
/** Rounds of the permutation. */
export const ROUNDS = 5;
/** Elements at the front of the state that go through the table; the others are raised to the seventh power. */
export const LOOKUP_ELEMENTS = 4;

/** First column of the circulant matrix. */
export const MDS_COLUMN: readonly number[] = [
  61402, 1108, 28750, 33823, 7454, 43244, 53865, 12034, 56951, 27521, 41351, 40901, 12021, 59689, 26798, 17845,
];

/** What each round adds, 16 elements a round. */
export const ROUND_CONSTANTS: readonly bigint[] = [
  13630775303355457758n,
  16896927574093233874n,
  10379449653650130495n,
  1965408364413093495n,
  15232538947090185111n,
  15892634398091747074n,
  3989134140024871768n,
  2851411912127730865n,
  8709136439293758776n,
  3694858669662939734n,
  12692440244315327141n,
  10722316166358076749n,
  12745429320441639448n,
  17932424223723990421n,
  7558102534867937463n,
  15551047435855531404n,
  17532528648579384106n,
  5216785850422679555n,
  15418071332095031847n,
  11921929762955146258n,
  9738718993677019874n,
  3464580399432997147n,
  13408434769117164050n,
  264428218649616431n,
  4436247869008081381n,
  4063129435850804221n,
  2865073155741120117n,
  5749834437609765994n,
  6804196764189408435n,
  17060469201292988508n,
  9475383556737206708n,
  12876344085611465020n,
  13835756199368269249n,
  1648753455944344172n,
  9836124473569258483n,
  12867641597107932229n,
  11254152636692960595n,
  16550832737139861108n,
  11861573970480733262n,
  1256660473588673495n,
  13879506000676455136n,
  10564103842682358721n,
  16142842524796397521n,
  3287098591948630584n,
  685911471061284805n,
  5285298776918878023n,
  18310953571768047354n,
  3142266350630002035n,
  549990724933663297n,
  4901984846118077401n,
  11458643033696775769n,
  8706785264119212710n,
  12521758138015724072n,
  11877914062416978196n,
  11333318251134523752n,
  3933899631278608623n,
  16635128972021157924n,
  10291337173108950450n,
  4142107155024199350n,
  16973934533787743537n,
  11068111539125175221n,
  17546769694830203606n,
  5315217744825068993n,
  4609594252909613081n,
  3350107164315270407n,
  17715942834299349177n,
  9600609149219873996n,
  12894357635820003949n,
  4597649658040514631n,
  7735563950920491847n,
  1663379455870887181n,
  13889298103638829706n,
  7375530351220884434n,
  3502022433285269151n,
  9231805330431056952n,
  9252272755288523725n,
  10014268662326746219n,
  15565031632950843234n,
  1209725273521819323n,
  6024642864597845108n,
];

/** The table for bytes: (x + 1)^3 - 1 modulo 257. */
export const LOOKUP_TABLE: readonly number[] = Array.from({ length: 256 }, (_, x) => ((x + 1) ** 3 - 1) % 257);

/** What a proof of the permutation needs to know of it. */
export interface Tip5Constants {
  /** Elements of the state. */
  readonly stateSize: number;
  /** Elements that are absorbed and squeezed at a time. */
  readonly rate: number;
  /** Elements of a digest. */
  readonly digestLength: number;
  readonly rounds: number;
  /** Elements at the front of the state that go through the table; the others are raised to the seventh power. */
  readonly lookupElements: number;
  /** First column of the circulant matrix. */
  readonly matrixColumn: readonly number[];
  /** What each round adds, `stateSize` elements a round. */
  readonly roundConstants: readonly bigint[];
  /** What each byte becomes. */
  readonly lookupTable: readonly number[];
}

/** The constants of Tip5. */
export const TIP5: Tip5Constants = {
  stateSize: STATE_SIZE,
  rate: RATE,
  digestLength: DIGEST_LENGTH,
  rounds: ROUNDS,
  lookupElements: LOOKUP_ELEMENTS,
  matrixColumn: MDS_COLUMN,
  roundConstants: ROUND_CONSTANTS,
  lookupTable: LOOKUP_TABLE,
};
