/** A model that isoship exported, in a page, a worker or Node. */

/** A column's value: null is missing, where the model accepts it. A BigInt counts as an integer. */
export type Value = number | bigint | string | boolean | null;

/** One value for every column of the signature, and nothing else. */
export type Row = Record<string, Value>;

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

/** One row's answer: output name -> a scalar, an array, or values by class. Numbers that JSON lacks are null. */
export type Prediction = Record<string, Scalar | null | (Scalar | null)[] | Record<string, number | null>>;

/** One output of all rows, row-major. */
export type Tensor =
  | { dtype: "double"; shape: number[]; data: Float64Array }
  | { dtype: "float"; shape: number[]; data: Float32Array }
  | { dtype: "int64"; shape: number[]; data: BigInt64Array }
  /** 0 and 1 */
  | { dtype: "bool"; shape: number[]; data: Uint8Array }
  | { dtype: "string"; shape: number[]; data: string[] };

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

export interface Model {
  readonly manifest: Manifest;
  readonly form: Field[];
  /** the row program, in doubles, or the TF.js graph, in float32 */
  readonly engine: "rows" | "tfjs";
  /** the TF.js backend in use, or "javascript" where the whole model runs without TF.js */
  readonly backend: string;
  /**
   * What `POST /predict` answers under `predictions`.
   * @throws {InputError} for the first row that the model refuses; nothing is answered then
   */
  predict(rows: Row[]): Promise<Prediction[]>;
  /**
   * Every output as one typed array, from rows, or from an array a column; of a model whose columns are all double also
   * from `{ X }`, row by row in the columns' order. In such arrays NaN is missing, as null is.
   */
  predictTensors(given: Row[] | Record<string, ArrayLike<Value>>): Promise<Record<string, Tensor>>;
  /** Replays the golden rows that travel with the bundle. */
  selftest(): Promise<Selftest>;
  /** Frees what the model holds. */
  dispose(): void;
}

/** Nested lists, a scalar where the rank is 0; null is NaN where the model accepts it. */
export type Nested = Value | ArrayLike<Value> | Nested[] | Png | Png[];

/** A picture for an input that takes some, in base64. */
export interface Png {
  png: string;
}

export type TypedArray =
  | Float64Array | Float32Array | BigInt64Array | BigUint64Array | Int32Array | Uint32Array | Int16Array | Uint16Array
  | Int8Array | Uint8Array | Uint8ClampedArray;

/** What a bundle of tensors gives for an output, row-major; float16 as its bits, bool as 0 and 1. */
export interface NamedTensor {
  dtype: TensorDType;
  shape: number[];
  data: TypedArray;
}

/** What `load()` gives of a bundle whose signature is tensors: `load<TensorModel>()`. */
export interface TensorModel {
  readonly manifest: Manifest;
  readonly inputs: TensorInput[];
  readonly engine: "tfjs";
  /** the TF.js backend in use; `auto` turns from wasm to cpu where wasm lacks an operator of the graph */
  readonly backend: string;
  /**
   * What `POST /predict` takes under `inputs` and answers under `outputs`: nested lists.
   * @throws {InputError} for the first input that the model refuses; nothing is answered then
   */
  predict(inputs: Record<string, Nested>): Promise<Record<string, any>>;
  /**
   * By input a tensor of the dtype's class, never converted; a typed array alone where its length says the shape.
   * Integers beyond int32 and numbers beyond float32, which TF.js does not hold, are refused.
   */
  predictTensors(inputs: Record<string, { data: ArrayLike<any>; shape: ArrayLike<number> } | TypedArray | Nested>): Promise<Record<string, NamedTensor>>;
  /** Replays the golden calls that travel with the bundle; `rows` are calls. */
  selftest(): Promise<Selftest>;
  /** Frees what the model holds. */
  dispose(): void;
}

export type BackendName = "auto" | "cpu" | "wasm" | "webgl" | "webgpu";

export type EngineName = "auto" | "rows" | "tfjs";

export interface LoadOptions {
  /** the bundle's folder; by default the one around index.js. Relative to the page, in Node to index.js */
  baseUrl?: string | URL;
  /** auto: the row program where the bundle has one and neither `backend` nor `tf` is given, else TF.js, which is fetched then */
  engine?: EngineName;
  /** auto: wasm for models worth its loading time, else cpu. webgl and webgpu are never chosen unasked */
  backend?: BackendName;
  /** your own TF.js (core and converter in one namespace, backends registered) instead of the bundle's */
  tf?: unknown;
}

export interface WorkerOptions extends Omit<LoadOptions, "tf"> {
  /** One that runs this package's worker.js, as your bundler makes it; without a bundler it is found beside index.js. */
  worker?: Worker;
}

/**
 * @throws {BundleError} a file is missing, damaged or of a newer format
 * @throws {BackendError} the backend asked for is not there, or has only 16-bit floats
 */
export function load(options?: LoadOptions): Promise<Model>;
export function load<M extends Model | TensorModel>(options?: LoadOptions): Promise<M>;

/** The same in a worker of its own; only where `Worker` exists. */
export function loadInWorker(options?: WorkerOptions): Promise<Model>;
export function loadInWorker<M extends Model | TensorModel>(options?: WorkerOptions): Promise<M>;

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
