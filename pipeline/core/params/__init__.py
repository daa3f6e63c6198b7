"""Typed models of params.yaml, with a module per block."""

from pipeline.core.agent_params import (
    AnswerParams,
    BaselineName,
    EpisodeParams,
    EvaluationParams,
    GenerationParams,
    MemoryParams,
    NonNegativeFloat,
    PolicyName,
    PolicyParams,
    RewardParams,
)
from pipeline.core.model_params import EndpointModel, ModelSettings, ResponseCacheFile
from pipeline.core.params.checks import CheckParams, ClosedBook
from pipeline.core.params.chunking import (
    BookChunking,
    Chunking,
    ConversationChunking,
    EventChunking,
    ExampleChunking,
    LinkedArticleChunking,
    PassageChunking,
    SessionChunking,
    WholeDocumentChunking,
)
from pipeline.core.params.corrections import Corrections
from pipeline.core.params.dataset import DatasetParams, LicenseParams, SplitParams
from pipeline.core.params.files import Assets, FileLocation, FileSpec, PinnedFiles
from pipeline.core.params.questions import QuestionGeneration, QuestionParams, SummaryGeneration
from pipeline.core.params.root import AgentParams, Params, SourceName, load_params, require_enabled
from pipeline.core.params.source import PaperComparison, PiiMode, Source, SourceCard
from pipeline.core.params.training import (
    BaseModelParams,
    LoraParams,
    TrainingGenerationParams,
    TrainingParams,
    TrainingProfile,
    WarmStartParams,
)
from pipeline.core.params.validation import (
    MAX_ERROR_LINE_CHARS,
    MAX_ERROR_LINES,
    MAX_SHOWN_CHARS,
    validate_params,
)
from pipeline.core.params.world import Simulation, WorldParams
from pipeline.core.strict_model import MAX_COUNT, M, PositiveCount, Sha256, StrictModel, TokenBudget

__all__ = [
    "MAX_COUNT",
    "MAX_ERROR_LINES",
    "MAX_ERROR_LINE_CHARS",
    "MAX_SHOWN_CHARS",
    "AgentParams",
    "AnswerParams",
    "Assets",
    "BaseModelParams",
    "BaselineName",
    "BookChunking",
    "CheckParams",
    "Chunking",
    "ClosedBook",
    "ConversationChunking",
    "Corrections",
    "DatasetParams",
    "EndpointModel",
    "EpisodeParams",
    "EvaluationParams",
    "EventChunking",
    "ExampleChunking",
    "FileLocation",
    "FileSpec",
    "GenerationParams",
    "LicenseParams",
    "LinkedArticleChunking",
    "LoraParams",
    "M",
    "MemoryParams",
    "ModelSettings",
    "NonNegativeFloat",
    "PaperComparison",
    "Params",
    "PassageChunking",
    "PiiMode",
    "PinnedFiles",
    "PolicyName",
    "PolicyParams",
    "PositiveCount",
    "QuestionGeneration",
    "QuestionParams",
    "ResponseCacheFile",
    "RewardParams",
    "SessionChunking",
    "Sha256",
    "Simulation",
    "Source",
    "SourceCard",
    "SourceName",
    "SplitParams",
    "StrictModel",
    "SummaryGeneration",
    "TokenBudget",
    "TrainingGenerationParams",
    "TrainingParams",
    "TrainingProfile",
    "WarmStartParams",
    "WholeDocumentChunking",
    "WorldParams",
    "load_params",
    "require_enabled",
    "validate_params",
]
