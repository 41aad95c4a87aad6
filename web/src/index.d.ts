/**
 * A model that isoship exported, in a page, a worker or Node. An export writes this file anew, with the model's own rows and
 * answers in the place of any.
 */

import type { AnyModel, AnyPrediction, AnyRow, ColumnsModel, LoadOptions, NamedTensor, Nested, GivenTensor, Tensor, TensorsModel, TypedArray, Value, WorkerOptions } from "./types.js";

export * from "./types.js";

export type Row = AnyRow;

export type Prediction = AnyPrediction;

/** What `load()` gives of a bundle of columns. */
export type Model = ColumnsModel<Row, Prediction, Record<string, Tensor>, { readonly [column: string]: ArrayLike<Value> }>;

/** What `load()` gives of a bundle whose signature is tensors: `load<TensorModel>()`. */
export type TensorModel = TensorsModel<
  { readonly [input: string]: Nested }, Record<string, any>, { readonly [input: string]: GivenTensor<TypedArray> | TypedArray | Nested }, Record<string, NamedTensor>
>;

/**
 * @throws {BundleError} a file is missing, damaged or of a newer format
 * @throws {BackendError} the backend asked for is not there, or has only 16-bit floats
 */
export function load(options?: LoadOptions): Promise<Model>;
export function load<M extends AnyModel>(options?: LoadOptions): Promise<M>;

/** The same in a worker of its own; only where `Worker` exists. */
export function loadInWorker(options?: WorkerOptions): Promise<Model>;
export function loadInWorker<M extends AnyModel>(options?: WorkerOptions): Promise<M>;
