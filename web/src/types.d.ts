/**
 * What the types of all models share. index.d.ts has those of one model: its rows and its answers.
 */

/** A column's value: null is missing, where the model accepts it. A BigInt counts as an integer. */
export type Value = number | bigint | string | boolean | null;

/** A row of a model that is not known here: one value for every column of its signature, and nothing else. */
export type AnyRow = { readonly [column: string]: any };

export type Scalar = string | number | boolean;

export interface Column {
  name: string;
  dtype: "double" | "int64" | "bool" | "string";
  /** null is an answerable value */
  missing: boolean;
  /** infinite numbers are answerable */
  infinity: boolean;
  /** the only values that the model accepts, or null */
  categories: Scalar[] | null;
  /** the range of finite numbers that the model accepts: at most one end of each side is not null */
  minimum: number | null;
  maximum: number | null;
  /** ends that are themselves refused */
  exclusiveMinimum: number | null;
  exclusiveMaximum: number | null;
  /** What the empty cell of a CSV file means: the empty text; that text in quotes, else missing; missing. */
  empty: "value" | "quoted" | null;
  /** The name of the column's tensor where it is not the column's: an output has that name, or the column has none. */
  input: string | null;
}

export interface Signature {
  layout: "columns" | "matrix" | "tensors";
  /** none of tensors, whose inputs are `TensorModel.inputs` */
  columns: Column[];
}

/** An input of a model of tensors, and what it accepts. */
export interface TensorInput {
  name: string;
  dtype: TensorDType;
  /** sizes, and names of dimensions that may be of any size from 1 up; one name is one size throughout a call */
  shape: (string | number)[];
  /** NaN is answerable */
  nan: boolean;
  /** infinite numbers are answerable */
  infinity: boolean;
  /** the ends of the range that the model accepts, or null */
  minimum: number | null;
  maximum: number | null;
  /** pictures, as uint8 pixels in these colours */
  image: { color: "gray" | "rgb" | "rgba" } | null;
  /** the largest size of a named dimension, where there is one */
  largest: Record<string, number> | null;
}

export type TensorDType =
  | "double" | "float" | "float16" | "int64" | "int32" | "int16" | "int8" | "uint64" | "uint32" | "uint16" | "uint8" | "bool" | "string";

export interface Output {
  name: string;
  kind: "label" | "probabilities" | "scores" | "score_samples" | "value" | "transformed" | "tensor";
  dtype: TensorDType;
  shape: (string | number)[];
  classes: Scalar[] | null;
  /** the classes as the keys that predictions carry: Python's str(class) */
  keys: string[] | null;
}

export interface Tolerance {
  atol: number;
  rtol: number;
  reason: string;
}

export interface Manifest {
  name: string;
  version: string;
  /** sha256:<hex>, equal on all targets */
  digest: string;
  signature: Signature;
  outputs: Output[];
  tolerances: Record<string, Record<string, Tolerance>>;
  encoder: object | null;
  provenance: Record<string, string>;
  files: Record<string, string>;
}

/** What a form may offer for one column. */
export interface Field {
  column: string;
  kind: string;
  min?: number | null;
  max?: number | null;
  value?: Value;
  choices?: Scalar[];
}

/** One row's answer of a model that is not known here: a scalar, an array, or values by class. Numbers that JSON lacks are null. */
export type AnyPrediction = Record<string, Scalar | null | (Scalar | null)[] | Record<string, number | null>>;

/** One output of all rows, row-major. */
export type Tensor = DoubleTensor | FloatTensor | Int64Tensor | BoolTensor | StringTensor;

export interface DoubleTensor {
  dtype: "double";
  shape: number[];
  data: Float64Array;
}

export interface FloatTensor {
  dtype: "float";
  shape: number[];
  data: Float32Array;
}

export interface Int64Tensor {
  dtype: "int64";
  shape: number[];
  data: BigInt64Array;
}

/** 0 and 1 */
export interface BoolTensor {
  dtype: "bool";
  shape: number[];
  data: Uint8Array;
}

export interface StringTensor<Text extends string = string> {
  dtype: "string";
  shape: number[];
  data: Text[];
}

export interface Selftest {
  ok: boolean;
  /** golden rows replayed */
  rows: number;
  /** the largest |difference| of any number */
  worst: number;
  /** other labels inside the source model's own margin */
  ties: number;
  /** what went wrong first, in words, or null */
  firstDifference: string | null;
}

/** Something that the model would refuse, in words. */
export interface Problem {
  /** counted from 0 */
  row: number | null;
  column: string | null;
  /** of a model of tensors: which input, and where in it */
  input?: string | null;
  index?: number[] | null;
  seen: string | null;
  expected: string | null;
  message: string;
}

/** A graphics backend on trial on this machine, by the golden rows. */
export interface Trial {
  backend: string;
  /** the browser's words for the graphics processor, or null */
  adapter: string | null;
  ok: boolean;
  /** why it is not trusted, in words, or null */
  why: string | null;
  /** golden rows replayed */
  rows: number;
  /** the verdict is one of an earlier visit */
  kept: boolean;
  /** it was not faster than what answers instead; nothing is known against its answers */
  slow?: boolean;
}

export interface Trust {
  /** what answers now was proven on this machine, or needs no trial */
  ok: boolean;
  /** in order; those with `ok: false` were passed over */
  tried: Trial[];
}

/** What a model of columns and one of tensors have both. */
export interface Loaded {
  readonly manifest: Manifest;
  /** the TF.js backend in use, or "javascript" where the whole model runs without TF.js */
  readonly backend: string;
  /** what was tried on this machine before it answers; null where nothing needs a trial */
  readonly trust: Trust | null;
  /** Replays the golden rows, or calls, that travel with the bundle. */
  selftest(): Promise<Selftest>;
  /** Frees what the model holds. */
  dispose(): void;
}

/** A model of columns. R: a row, P: its answer, T: every output as a tensor, A: an array a column. */
export interface ColumnsModel<R, P, T, A> extends Loaded {
  readonly form: Field[];
  /** the row program, in doubles, or the TF.js graph, in float32 */
  readonly engine: "rows" | "tfjs";
  /**
   * What `POST /predict` answers under `predictions`.
   * @throws {InputError} for the first row that the model refuses; nothing is answered then
   */
  predict(rows: readonly R[]): Promise<P[]>;
  /**
   * Every output as one typed array, from rows, or from an array a column; of a model whose columns are all double also
   * from `{ X }`, row by row in the columns' order. In such arrays NaN is missing, as null is.
   */
  predictTensors(given: readonly R[] | A): Promise<T>;
  /** Everything that `predict` would refuse, of one row or of many; nothing where all is well. */
  explainInput(rows: unknown): Promise<Problem[]>;
}

/** A model of tensors. I: its inputs as nested lists, O: what it answers, F: its inputs as tensors, T: its outputs as such. */
export interface TensorsModel<I, O, F, T> extends Loaded {
  readonly inputs: TensorInput[];
  readonly engine: "tfjs";
  /**
   * What `POST /predict` takes under `inputs` and answers under `outputs`: nested lists.
   * @throws {InputError} for the first input that the model refuses; nothing is answered then
   */
  predict(inputs: I): Promise<O>;
  /**
   * By input a tensor of the dtype's class, never converted; a typed array alone where its length says the shape.
   * Integers beyond int32 and numbers beyond float32, which TF.js does not hold, are refused.
   */
  predictTensors(inputs: F): Promise<T>;
  /** Everything that `predict` would refuse; nothing where all is well. */
  explainInput(inputs: unknown): Promise<Problem[]>;
}

/** Any model: what `load` gives of a bundle whose own types are not at hand. */
export type AnyModel = ColumnsModel<any, any, any, any> | TensorsModel<any, any, any, any>;

/** Nested lists, a scalar where the rank is 0; null is NaN where the model accepts it. */
export type Nested = Value | ArrayLike<Value> | readonly Nested[] | Png | readonly Png[];

/** A picture for an input that takes some, in base64. */
export interface Png {
  png: string;
}

export type TypedArray =
  | Float64Array | Float32Array | BigInt64Array | BigUint64Array | Int32Array | Uint32Array | Int16Array | Uint16Array
  | Int8Array | Uint8Array | Uint8ClampedArray;

/** A tensor to give, row-major. D: the dtype's class of arrays, E: its elements in others. */
export interface GivenTensor<D, E = Value> {
  data: D | readonly E[];
  shape: ArrayLike<number>;
}

/** What a bundle of tensors gives for an output, row-major; float16 as its bits, bool as 0 and 1. */
export interface NamedTensor<N extends TensorDType = TensorDType, D = TypedArray> {
  dtype: N;
  shape: number[];
  data: D;
}

export type BackendName = "auto" | "cpu" | "wasm" | "webgl" | "webgpu";

export type EngineName = "auto" | "rows" | "tfjs";

/** Bytes of all files of the bundle that are on their way, or here. */
export interface Progress {
  /** of which some came now */
  file: string;
  loaded: number;
  /** null where the server does not say */
  total: number | null;
}

export interface LoadOptions {
  /** the bundle's folder; by default the one around index.js. Relative to the page, in Node to index.js */
  baseUrl?: string | URL;
  /** auto: the row program where the bundle has one and neither `backend` nor `tf` is given, else TF.js, which is fetched then */
  engine?: EngineName;
  /** auto: wasm for models worth its loading time, else cpu. webgl and webgpu are never chosen unasked. A list: in order of preference */
  backend?: BackendName | readonly BackendName[];
  /** your own TF.js (core and converter in one namespace, backends registered) instead of the bundle's */
  tf?: unknown;
  /** hears of the files as they arrive */
  onProgress?: (progress: Progress) => void;
  /** gives up, with the signal's reason */
  signal?: AbortSignal;
  /** false: webgl and webgpu answer without having replayed the golden rows here */
  trial?: boolean;
}

export interface WorkerOptions extends Omit<LoadOptions, "tf"> {
  /** One that runs this package's worker.js, as your bundler makes it, or where worker.js is; by default beside index.js. */
  worker?: Worker | string | URL;
}

/** Base of every error thrown on purpose. */
export class IsoshipError extends Error {}

/** A file of the bundle is missing, damaged or of a newer format. */
export class BundleError extends IsoshipError {}

/** A TF.js backend that this place does not have, or that cannot be exact here. */
export class BackendError extends IsoshipError {}

/** A row, or tensors, that the model's input contract refuses. */
export class InputError extends IsoshipError {
  /** counted from 0 */
  row: number | null;
  column: string | null;
  /** of a model of tensors: which input, and where in it */
  input: string | null;
  index: number[] | null;
  seen: string | null;
  expected: string | null;
}
