"""The second least eigenvalue of the Laplacian by one of scipy's methods, named by the first argument."""

import os
import sys

# CPU time is compared: one thread, like ours.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
from peer import serve


def laplacian(n, source, target, weight):
    keep = source != target
    a, b, w = source[keep], target[keep], weight[keep]
    adjacency = scipy.sparse.coo_matrix((np.r_[w, w], (np.r_[a, b], np.r_[b, a])), shape=(n, n)).tocsr()
    return scipy.sparse.diags(np.asarray(adjacency.sum(axis=1)).ravel()) - adjacency


def eigh(matrix):
    return scipy.linalg.eigh(matrix.toarray(), eigvals_only=True, subset_by_index=[1, 1])[0]


def smallest(matrix):
    return np.sort(scipy.sparse.linalg.eigsh(matrix, k=2, which="SM", return_eigenvectors=False))[1]


def shift_invert(matrix):
    shift = -1e-3 * matrix.diagonal().mean()
    return np.sort(scipy.sparse.linalg.eigsh(matrix.tocsc(), k=2, sigma=shift, return_eigenvectors=False))[1]


def lobpcg(matrix):
    n = matrix.shape[0]
    start = np.random.default_rng(1).normal(size=(n, 1))
    jacobi = scipy.sparse.diags(1 / matrix.diagonal())
    found, _ = scipy.sparse.linalg.lobpcg(
        matrix.tocsr(), start, M=jacobi, Y=np.ones((n, 1)), tol=1e-9, maxiter=500, largest=False
    )
    return found[0]


method = {"eigh": eigh, "eigsh-sm": smallest, "eigsh-shift": shift_invert, "lobpcg": lobpcg}[sys.argv[1]]
serve(lambda *graph: float(method(laplacian(*graph))))
