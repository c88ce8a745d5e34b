"""Operations on tensors: pure functions, no state, no devices chosen."""
