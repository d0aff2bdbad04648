// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Type constraints of the nibble dialect's operands and results.

#ifndef NIBBLE_TYPES
#define NIBBLE_TYPES

include "mlir/IR/OpBase.td"

def Nibble_Quant : Type<
    CPred<"::llvm::isa<::mlir::quant::UniformQuantizedType, "
          "::mlir::quant::UniformQuantizedPerAxisType>($_self)">,
    "uniform quantized type (per tensor or per axis)">;

def Nibble_PerTensorQuant : Type<
    CPred<"::llvm::isa<::mlir::quant::UniformQuantizedType>($_self)">,
    "uniform quantized type with one scale">;

def Nibble_Byte : AnyTypeOf<[I8, UI8], "signed (`i8`) or unsigned (`ui8`) byte">;

// What activations are stored as: bytes, or 16 bits where a plan asks for more.
def Nibble_Stored : AnyTypeOf<[I8, UI8, I16], "byte (`i8`, `ui8`) or 16-bit value (`i16`)">;

def Nibble_Tensor : RankedTensorOf<[AnyFloat, AnyInteger, Nibble_Quant], [], "ranked tensor of float, integer or quantized values">;
def Nibble_RealTensor : RankedTensorOf<[AnyFloat, Nibble_Quant], [], "ranked tensor of float or quantized values">;
def Nibble_FloatTensor : RankedTensorOf<[AnyFloat], [], "ranked tensor of float values">;
def Nibble_QuantTensor : RankedTensorOf<[Nibble_Quant], [], "ranked tensor of quantized values">;
def Nibble_ByteTensor : RankedTensorOf<[Nibble_Byte], [], "ranked tensor of bytes">;
def Nibble_StoredTensor : RankedTensorOf<[Nibble_Stored], [], "ranked tensor of bytes or 16-bit values">;

#endif // NIBBLE_TYPES
