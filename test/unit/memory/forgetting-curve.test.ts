import { readFileSync } from "node:fs"
import { expect, test } from "@jest/globals"
import { forgettingCurve, picturePath } from "../../../build/forgetting-curve.ts"
import { retrievability } from "../../../plv8-src/memory/forgetting.ts"

test("the curve passes its known points", () => {
  expect(retrievability(0, 10, 0.1542)).toBe(1)
  expect(retrievability(10, 10, 0.1542)).toBeCloseTo(0.9, 7)
  expect(retrievability(30, 10, 0.1542)).toBeCloseTo(0.8093881, 7)
})

test("the picture in docs/ is what the code draws", () => {
  expect(readFileSync(picturePath, "utf8")).toBe(forgettingCurve())
})
